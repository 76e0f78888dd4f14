//! Tells what a model thinks from what it says.
//!
//! Reasoning models put their thoughts between `<think>` and `</think>`, which are tokens of their
//! own in those vocabularies (Qwen 3, DeepSeek-R1 and its distillations).

/// The two marks of a vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) open: u32,
    pub(super) close: u32,
}

/// Follows an answer token by token.
#[derive(Debug)]
pub(super) struct Thoughts {
    marks: Option<Marks>,
    inside: bool,
}

impl Thoughts {
    /// Some templates open the thoughts already at the end of the prompt.
    pub(super) fn new(marks: Option<Marks>, prompt: &[u32]) -> Thoughts {
        let inside = marks.is_some_and(|marks| {
            // The mark and a line break or two: what people wrote further up does not count.
            let mut end = prompt.iter().rev().take(3);
            end.find(|&&token| token == marks.open || token == marks.close) == Some(&marks.open)
        });
        Thoughts { marks, inside }
    }

    pub(super) fn inside(&self) -> bool {
        self.inside
    }

    /// True for a mark, which is not shown.
    pub(super) fn is_mark(&mut self, token: u32) -> bool {
        match self.marks {
            Some(marks) if token == marks.open => self.inside = true,
            Some(marks) if token == marks.close => self.inside = false,
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKS: Marks = Marks { open: 1, close: 2 };

    #[test]
    fn thoughts_end_at_the_closing_mark() {
        let mut thoughts = Thoughts::new(Some(MARKS), &[9, 9]);
        let inside: Vec<bool> = [1, 7, 2, 7]
            .iter()
            .map(|&token| {
                thoughts.is_mark(token);
                thoughts.inside()
            })
            .collect();
        assert_eq!(inside, [true, true, false, false]);
    }

    #[test]
    fn a_prompt_that_opens_thoughts_is_answered_from_inside() {
        assert!(Thoughts::new(Some(MARKS), &[1, 5, 2, 9, 1, 8]).inside());
        assert!(
            !Thoughts::new(Some(MARKS), &[1, 5, 2, 9]).inside(),
            "an empty thought is over"
        );
        assert!(
            !Thoughts::new(Some(MARKS), &[1, 5, 9, 9, 9]).inside(),
            "a person wrote the mark"
        );
        assert!(
            !Thoughts::new(None, &[1]).inside(),
            "a model without marks never thinks"
        );
    }
}
