//! A window as it will be written, and from where each kept stretch of it comes: what is found in it is found in the
//! window. Not for: what is found, and how often one looks.

use super::span::Span;

/// A copy of a window in which tokens stand for what was found.
pub(super) struct Masked {
    pub(super) text: Vec<u8>,
    /// Where each kept stretch begins: in the copy, and in the window.
    kept: Vec<(usize, usize)>,
}

impl Masked {
    /// The copy. `write` writes what stands in a find's place; the finds are sorted and disjoint.
    pub(super) fn new(window: &[u8], spans: &[Span], write: impl Fn(&Span, &[u8], &mut Vec<u8>)) -> Self {
        let mut masked = Self { text: Vec::with_capacity(window.len()), kept: Vec::with_capacity(spans.len() + 1) };
        let mut at = 0;
        for span in spans {
            masked.keep(window, at, span.start);
            write(span, &window[span.start..span.end], &mut masked.text);
            at = span.end;
        }
        masked.keep(window, at, window.len());
        masked
    }

    fn keep(&mut self, window: &[u8], start: usize, end: usize) {
        self.kept.push((self.text.len(), start));
        self.text.extend_from_slice(&window[start..end]);
    }

    /// The find's place in the window. A find in the copy lies between tokens, so that both its ends were kept.
    pub(super) fn original(&self, span: Span) -> Span {
        Span { start: self.place(span.start), end: self.place(span.end - 1) + 1, ..span }
    }

    /// The place in the copy of a place in the window; of one within a find, the place behind its token.
    pub(super) fn copy(&self, at: usize) -> usize {
        let kept = self.kept.partition_point(|(_, original)| *original <= at).saturating_sub(1);
        let next = self.kept.get(kept + 1).map_or(self.text.len(), |(copy, _)| *copy);
        self.kept.get(kept).map_or(0, |(copy, original)| (copy + (at - original)).min(next))
    }

    fn place(&self, at: usize) -> usize {
        let kept = self.kept.partition_point(|(copy, _)| *copy <= at).saturating_sub(1);
        self.kept.get(kept).map_or(0, |(copy, original)| original + (at - copy))
    }
}
