//! Units, ids, errors, operations, the registry, events and settings of AV Studio.
