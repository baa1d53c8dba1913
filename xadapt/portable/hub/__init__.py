"""The Hugging Face hub: checkpoints that are pushed and pulled."""
