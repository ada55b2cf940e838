"""The network: the flows of a stack as data, and the NetworkPolicies, the table and the picture made of them."""
