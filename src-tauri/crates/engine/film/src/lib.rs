//! Movie plans: validation, outline planning, storyboard painting, camera moves, captions.
