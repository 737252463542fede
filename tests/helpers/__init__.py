"""What several test files share: sample inputs, comparisons, generated packages, clients."""
