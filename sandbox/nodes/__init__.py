"""Real nodes: kubelets whose pods run, inside network and mount namespaces that end with the world."""
