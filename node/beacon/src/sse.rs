//! Server-sent events, byte by byte (WHATWG HTML, "Interpreting an event stream").
//!
//! The parser takes chunks as they come off the socket, each with the moment it was read, and gives whole frames back, each
//! with the moment of its own first byte: a duty's latency is counted from there, not from the end of the frame. Only `event`
//! and `data` fields matter to the Beacon API; the others are skipped. A frame longer than [`MAX_FRAME`] ends the stream.

/// The longest frame that is read, in bytes. A head event has about 500.
pub const MAX_FRAME: usize = 64 * 1024;

/// One event as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The `event` field.
    pub event: String,
    /// The `data` fields, joined by newlines.
    pub data: String,
    /// When the first byte of the frame was read, in microseconds since the Unix epoch.
    pub first_byte_unix_micros: u64,
}

/// The stream cannot be read further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SseError {
    /// A frame over the bound.
    #[error("an event is longer than {MAX_FRAME} bytes")]
    FrameTooLong,
}

/// The state between two chunks.
#[derive(Debug, Default)]
pub struct Parser {
    line: Vec<u8>,
    event: String,
    data: String,
    started: Option<u64>,
    after_carriage_return: bool,
}

impl Parser {
    /// Reads a chunk that came off the socket at `read_at` (microseconds since the Unix epoch); whole frames are appended to
    /// `out`.
    ///
    /// # Errors
    /// [`SseError::FrameTooLong`]: close the stream.
    pub fn push(&mut self, chunk: &[u8], read_at: u64, out: &mut Vec<Frame>) -> Result<(), SseError> {
        for &byte in chunk {
            let line_feed_of_pair = byte == b'\n' && self.after_carriage_return;
            self.after_carriage_return = byte == b'\r';
            if line_feed_of_pair {
                continue;
            }
            match byte {
                b'\n' | b'\r' => self.end_line(out),
                other => {
                    self.started.get_or_insert(read_at);
                    self.line.push(other);
                }
            }
            if self.line.len().saturating_add(self.data.len()) > MAX_FRAME {
                return Err(SseError::FrameTooLong);
            }
        }
        Ok(())
    }

    fn end_line(&mut self, out: &mut Vec<Frame>) {
        if self.line.is_empty() {
            self.end_frame(out);
            return;
        }
        let line = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event),
            "data" => {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            // An empty name is a comment (keep-alive); `id` and `retry` have no use here.
            _ => {}
        }
        // A comment before a frame is not its first byte.
        if self.event.is_empty() && self.data.is_empty() {
            self.started = None;
        }
    }

    fn end_frame(&mut self, out: &mut Vec<Frame>) {
        let event = std::mem::take(&mut self.event);
        let data = std::mem::take(&mut self.data);
        let started = self.started.take();
        if let (false, Some(first_byte_unix_micros)) = (data.is_empty(), started) {
            out.push(Frame { event, data, first_byte_unix_micros });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "event: head\ndata: {\"slot\":\"10\"}\n\n";

    fn parse(chunks: &[(&str, u64)]) -> Vec<Frame> {
        let mut parser = Parser::default();
        let mut out = Vec::new();
        for (chunk, at) in chunks {
            parser.push(chunk.as_bytes(), *at, &mut out).unwrap();
        }
        out
    }

    fn frame(event: &str, data: &str, first_byte_unix_micros: u64) -> Frame {
        Frame { event: event.into(), data: data.into(), first_byte_unix_micros }
    }

    #[test]
    fn every_split_of_a_frame_reads_the_same_and_keeps_the_first_byte() {
        for cut in 1..HEAD.len() {
            let (left, right) = HEAD.split_at(cut);
            assert_eq!(
                parse(&[(left, 7), (right, 9)]),
                [frame("head", "{\"slot\":\"10\"}", 7)],
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn two_frames_in_one_chunk_and_a_third_half_in_the_next() {
        let first = format!("{HEAD}event:chain_reorg\ndata:1\n\neve");
        let frames = parse(&[(&first, 1), ("nt: head\ndata: 2\n\n", 5)]);
        assert_eq!(
            frames,
            [frame("head", "{\"slot\":\"10\"}", 1), frame("chain_reorg", "1", 1), frame("head", "2", 1)],
            "the third frame began in the first chunk"
        );
    }

    #[test]
    fn carriage_returns_comments_and_unknown_fields_are_understood() {
        let text = ": keep-alive\r\n\r\nid: 4\r\nevent: head\r\ndata: a\r\ndata: b\r\n\r\n";
        assert_eq!(parse(&[(text, 3)]), [frame("head", "a\nb", 3)]);
    }

    #[test]
    fn a_keep_alive_comment_is_not_the_first_byte_of_the_next_frame() {
        assert_eq!(parse(&[(":\n", 1), ("event: head\n", 8), ("data: x\n\n", 9)]), [frame("head", "x", 8)]);
    }

    #[test]
    fn an_endless_frame_is_refused() {
        let mut parser = Parser::default();
        let mut out = Vec::new();
        let endless = vec![b'x'; MAX_FRAME + 1];
        assert_eq!(parser.push(&endless, 0, &mut out), Err(SseError::FrameTooLong));
        assert!(out.is_empty());
    }

    #[test]
    fn many_short_data_lines_are_bounded_too() {
        let mut parser = Parser::default();
        let mut out = Vec::new();
        let line = b"data: xxxxxxxxxxxxxxxx\n".repeat(MAX_FRAME / 8);
        assert_eq!(parser.push(&line, 0, &mut out), Err(SseError::FrameTooLong));
    }
}
