"""Scenarios: steps and assertions as data, and what runs and judges them."""
