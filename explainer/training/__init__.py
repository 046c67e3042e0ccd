"""Networks for one's own classes, trained from photos: heads, or the last layers too."""
