"""Tests of the floor of algorithms."""
