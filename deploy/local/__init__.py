"""Real servers on loopback for tests and developers: PostgreSQL, Redis, Elasticsearch and S3, without containers.

    with scratch() as folder, Postgres(folder) as postgres:
        Settings(database_url=postgres.url)

`python -m deploy.local` starts all four and prints the settings that use them.
"""
