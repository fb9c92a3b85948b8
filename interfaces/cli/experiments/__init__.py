"""Deployments of the agent."""
