//! The stack machine: opcodes to plain values.

use super::numpy::Global;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

/// A value on the stack. Copies share their bytes, so memory stays within the size of the file.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Bytes(Rc<[u8]>),
    Text(Rc<str>),
    Tuple(Rc<[Value]>),
    Global(Global),
    /// A call that was not made: the marker, its arguments, and the state that was to be set.
    Reduced(Rc<Reduced>),
}

#[derive(Debug)]
pub(crate) struct Reduced {
    pub(crate) global: Global,
    pub(crate) arguments: Rc<[Value]>,
    pub(crate) state: Option<Value>,
}

/// Many times what any array needs; keeps hostile programs short and their values shallow.
const MAX_STEPS: usize = 4096;

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
}

/// Runs a pickle and gives back what is on top at its end.
pub(crate) fn run(bytes: &[u8]) -> Result<Value, String> {
    let mut machine = Machine { bytes, at: 0, stack: Vec::new(), marks: Vec::new(), memo: HashMap::new() };
    for _ in 0..MAX_STEPS {
        let opcode = machine.byte()?;
        if opcode == b'.' {
            return machine.pop();
        }
        machine.step(opcode)?;
    }
    Err("a pickle of more steps than an array takes".into())
}

impl Machine<'_> {
    fn step(&mut self, opcode: u8) -> Result<(), String> {
        match opcode {
            0x80 => self.protocol(),
            0x95 => self.take(8).map(|_| ()), // a frame: its length says nothing that the file does not
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'N' => self.push(Value::None),
            0x88 => self.push(Value::Bool(true)),
            0x89 => self.push(Value::Bool(false)),
            b'K' | b'M' | b'J' | 0x8a => self.integer(opcode),
            b'C' | b'B' | 0x8e | 0x96 => self.byte_string(opcode),
            b'U' | b'T' | b'X' | 0x8c | 0x8d => self.text(opcode),
            b')' => self.push(Value::Tuple([].into())),
            0x85..=0x87 => {
                let n = usize::from(opcode - 0x84);
                let from = self.stack.len().checked_sub(n).ok_or("a tuple of absent values")?;
                self.tuple_from(from)
            }
            b't' => {
                let from = self.marks.pop().ok_or("a tuple without a mark")?;
                self.tuple_from(from)
            }
            b'q' | b'r' | 0x94 => self.remember(opcode),
            b'h' | b'j' => self.recall(opcode),
            b'c' | 0x93 => self.global(opcode),
            b'R' => self.reduce(),
            b'b' => self.build(),
            other => Err(format!("opcode {other:#04x} at byte {}, which no array needs", self.at - 1)),
        }
    }

    fn protocol(&mut self) -> Result<(), String> {
        match self.byte()? {
            2..=5 => Ok(()),
            other => Err(format!("pickle protocol {other}; protocols 2 to 5 are known")),
        }
    }

    fn integer(&mut self, opcode: u8) -> Result<(), String> {
        let (length, is_signed) = match opcode {
            b'K' => (1, false),
            b'M' => (2, false),
            b'J' => (4, true),
            _ => (usize::from(self.byte()?), true),
        };
        let range = self.take(length)?;
        if length > 8 {
            return Err("an integer of more than 8 bytes".into());
        }
        let bytes = &self.bytes[range];
        let is_negative = is_signed && bytes.last().is_some_and(|b| b & 0x80 != 0);
        let mut word = if is_negative { [0xff; 8] } else { [0; 8] };
        word[..length].copy_from_slice(bytes);
        self.push(Value::Int(i64::from_le_bytes(word)))
    }

    fn byte_string(&mut self, opcode: u8) -> Result<(), String> {
        let length_bytes = match opcode {
            b'C' => 1,
            b'B' => 4,
            _ => 8,
        };
        let range = self.sized(length_bytes)?;
        self.push(Value::Bytes(self.bytes[range].into()))
    }

    fn text(&mut self, opcode: u8) -> Result<(), String> {
        let length_bytes = match opcode {
            b'U' | 0x8c => 1,
            b'T' | b'X' => 4,
            _ => 8,
        };
        let range = self.sized(length_bytes)?;
        let bytes = &self.bytes[range];
        // Python 2 writes raw bytes where Python 3 writes text.
        match std::str::from_utf8(bytes) {
            Ok(text) => self.push(Value::Text(text.into())),
            Err(_) if matches!(opcode, b'U' | b'T') => self.push(Value::Bytes(bytes.into())),
            Err(_) => Err("a text that is not UTF-8".into()),
        }
    }

    fn tuple_from(&mut self, from: usize) -> Result<(), String> {
        if from > self.stack.len() || self.marks.last().is_some_and(|&mark| from < mark) {
            return Err("a tuple across a mark".into());
        }
        let values: Vec<Value> = self.stack.drain(from..).collect();
        self.push(Value::Tuple(values.into()))
    }

    fn remember(&mut self, opcode: u8) -> Result<(), String> {
        let key = match opcode {
            0x94 => self.memo.len() as u32,
            _ => self.memo_key(opcode == b'r')?,
        };
        let value = self.stack.last().ok_or("nothing to remember")?.clone();
        self.memo.insert(key, value);
        Ok(())
    }

    fn recall(&mut self, opcode: u8) -> Result<(), String> {
        let key = self.memo_key(opcode == b'j')?;
        let value = self.memo.get(&key).ok_or("a value that was never remembered")?.clone();
        self.push(value)
    }

    fn memo_key(&mut self, is_long: bool) -> Result<u32, String> {
        let range = self.take(if is_long { 4 } else { 1 })?;
        Ok(self.bytes[range].iter().rev().fold(0, |key, &byte| key << 8 | u32::from(byte)))
    }

    fn global(&mut self, opcode: u8) -> Result<(), String> {
        let (module, name) = if opcode == b'c' {
            (self.line()?, self.line()?)
        } else {
            let (name, module) = (self.pop()?, self.pop()?);
            let (Value::Text(module), Value::Text(name)) = (module, name) else {
                return Err("a name that is not text".into());
            };
            (module.to_string(), name.to_string())
        };
        let global = Global::find(&module, &name)?;
        self.push(Value::Global(global))
    }

    fn reduce(&mut self) -> Result<(), String> {
        let (arguments, callee) = (self.pop()?, self.pop()?);
        let (Value::Global(global), Value::Tuple(arguments)) = (callee, arguments) else {
            return Err("a call of something that is not a known name".into());
        };
        self.push(Value::Reduced(Rc::new(Reduced { global, arguments, state: None })))
    }

    fn build(&mut self) -> Result<(), String> {
        let (state, object) = (self.pop()?, self.pop()?);
        let Value::Reduced(before) = object else {
            return Err("a state for something that is not an array or a type".into());
        };
        let Reduced { global, ref arguments, .. } = *before;
        let built = Reduced { global, arguments: arguments.clone(), state: Some(state) };
        // The memo may hold the array without its state; only the value on the stack is used.
        self.push(Value::Reduced(Rc::new(built)))
    }

    fn push(&mut self, value: Value) -> Result<(), String> {
        self.stack.push(value);
        Ok(())
    }

    fn pop(&mut self) -> Result<Value, String> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err(format!("a value is missing at byte {}", self.at));
        }
        self.stack.pop().ok_or_else(|| "a value is missing".into())
    }

    fn byte(&mut self) -> Result<u8, String> {
        let range = self.take(1)?;
        Ok(self.bytes[range.start])
    }

    fn take(&mut self, n: usize) -> Result<Range<usize>, String> {
        let end = self.at.checked_add(n).filter(|&end| end <= self.bytes.len());
        let end = end.ok_or("neither a .npy file nor a whole pickle")?;
        let range = self.at..end;
        self.at = end;
        Ok(range)
    }

    /// A range with its length, of so many bytes, in front.
    fn sized(&mut self, length_bytes: usize) -> Result<Range<usize>, String> {
        let range = self.take(length_bytes)?;
        let length = self.bytes[range].iter().rev().fold(0u64, |n, &byte| n << 8 | u64::from(byte));
        self.take(usize::try_from(length).map_err(|_| "an impossible length")?)
    }

    fn line(&mut self) -> Result<String, String> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().take(256).position(|&b| b == b'\n').ok_or("a name without an end")?;
        let range = self.take(length + 1)?;
        let text = std::str::from_utf8(&self.bytes[range.start..range.end - 1]);
        Ok(text.map_err(|_| "a name that is not text")?.trim_end_matches('\r').to_owned())
    }
}
