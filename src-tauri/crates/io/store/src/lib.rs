//! Projects, artifacts, jobs and costs in SQLite and content-addressed files.
