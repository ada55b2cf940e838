"""Bounded load on a gateway and a real backend on this machine: how much they take, how fast, at what cost."""
