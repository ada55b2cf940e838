"""What differs between what was deployed and what is there, where no provider looks: inside Helm releases.

`check.py` asks the engine, helm and the cluster; everything else turns their answers into findings without I/O.
"""
