"""Which of two photos is more like a third, and what two networks say."""
