"""What ready studies ask about: photos that are made, and networks that are trained on them."""
