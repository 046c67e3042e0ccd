"""Visual explanations of image classifiers, as PyTorch functions; knows no Django."""
