"""The index: entries, queries and hits, the engines behind one protocol, and the indexer that drains the outbox."""
