"""The gateway on this machine: the product's own configuration in a real nginx, in front of real and stand-in backends.

Everything is on loopback, at addresses that belong to one run. No product code imports this package.
"""
