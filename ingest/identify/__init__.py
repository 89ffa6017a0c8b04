"""What the text of a version says it is: its sections, its identity, its relations to other acts, its findings."""

from ingest.identify.findings import findings
from ingest.identify.identity import identify
from ingest.identify.relations import relations
from ingest.identify.structure import structure

__all__ = ["findings", "identify", "relations", "structure"]
