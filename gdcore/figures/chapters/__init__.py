"""Drawings that only one chapter needs, a module for each subject."""
