"""What the text of a version says it is: its sections, its identity, its relations to other acts, its findings."""

from ingest.identify.structure import structure

__all__ = ["structure"]
