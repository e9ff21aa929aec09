"""What torchrun starts, for instance

python -m torch.distributed.run --standalone --nproc-per-node 2 -m examples.distributed.worker parity out.json
"""
