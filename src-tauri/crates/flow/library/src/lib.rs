//! Operations on projects, assets, artifacts and settings.
