"""Our methods and the same methods of captum, pytorch-grad-cam and torchcam, measured in turns."""
