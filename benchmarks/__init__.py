"""Side-by-side timings of gdcore.optim against torch.optim and pytorch_optimizer, as ratios within one run."""
