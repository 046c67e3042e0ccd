"""What a person sees in a picture whose pixels say something else."""
