"""Recipes, the loop that runs and resumes them, and the stages a demonstration pack is trained in."""
