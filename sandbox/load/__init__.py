"""Bounded load on a gateway and real Mimirs on this machine: how much they take, how fast, and what it costs them."""
