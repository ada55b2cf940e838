"""Who may speak with whom: the flows of a stack as data, and the NetworkPolicies, the table and the picture of them."""
