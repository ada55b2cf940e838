"""How our own cost grows: with tenants, and with stacks beside each other."""
