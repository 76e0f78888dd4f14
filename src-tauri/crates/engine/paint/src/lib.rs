//! Paints storyboard pictures from prompts.
