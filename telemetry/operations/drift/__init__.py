"""Drift: what differs between what was deployed and what is there, inside Helm releases as well.

`check.py` asks the engine, helm and the cluster; everything else turns their answers into findings without I/O.
"""
