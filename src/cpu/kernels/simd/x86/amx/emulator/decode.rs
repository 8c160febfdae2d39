//! Which instruction of the matrix unit some bytes are.

/// An instruction, with the addresses that its operands have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Instruction {
    LoadConfiguration { from: *const u8 },
    StoreConfiguration { to: *mut u8 },
    Release,
    Zero { tile: usize },
    Load { tile: usize, from: *const u8, stride: isize },
    Store { tile: usize, to: *mut u8, stride: isize },
    DotBf16 { sums: usize, a: usize, b: usize },
}

/// The general registers by the numbers that instructions give them, and the address of the instruction.
pub struct Registers {
    pub general: [i64; 16],
    pub instruction: i64,
}

impl Registers {
    pub fn new(registers: &[libc::greg_t; 23]) -> Self {
        use libc::*;
        let numbers = [
            REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI, REG_R8, REG_R9, REG_R10, REG_R11,
            REG_R12, REG_R13, REG_R14, REG_R15,
        ];
        Registers { general: numbers.map(|at| registers[at as usize]), instruction: registers[REG_RIP as usize] }
    }
}

/// A memory operand: an address, and the index register times its factor, by which the rows of a tile lie apart.
struct Memory {
    address: i64,
    stride: i64,
    has_index: bool,
    length: usize,
}

/// The instruction at the address of the registers, and its length; or nothing if it is none of the unit.
///
/// # Safety
/// The whole instruction can be read.
pub unsafe fn decode(registers: &Registers) -> Option<(Instruction, usize)> {
    let code = registers.instruction as *const u8;
    // SAFETY: the caller's; no byte is read before those in front of it are of such an instruction.
    let byte = |at: usize| unsafe { *code.add(at) };
    // The long prefix of AVX: three inverted bits of registers, and the map of opcodes 0F 38; then W 0, an inverted register, L 0 and
    // what stands for one of the old prefixes.
    if byte(0) != 0xC4 || byte(1) & 0x1F != 0x02 || byte(2) & 0x84 != 0 {
        return None;
    }
    let [extends_reg, extends_index, extends_base] = [0x80, 0x40, 0x20].map(|bit| byte(1) & bit == 0);
    let (third, prefix, opcode) = ((!byte(2) >> 3 & 15) as usize, byte(2) & 3, byte(3));
    let (mode, reg, rm) = (byte(4) >> 6, (byte(4) >> 3 & 7) as usize, (byte(4) & 7) as usize);
    let in_memory = mode != 3;
    let tile = reg;
    let memory = || {
        // SAFETY: as above.
        unsafe { memory(code.add(4), registers, [extends_index, extends_base]) }
    };
    match (opcode, prefix, in_memory) {
        (0x49, 0, false) if third == 0 && reg == 0 && rm == 0 => Some((Instruction::Release, 5)),
        (0x49, 3, false) if third == 0 && rm == 0 && !extends_reg => Some((Instruction::Zero { tile }, 5)),
        (0x49, 0 | 1, true) if third == 0 && reg == 0 => {
            let memory = memory();
            let at = memory.address + memory.stride;
            let instruction = match prefix {
                0 => Instruction::LoadConfiguration { from: at as *const u8 },
                _ => Instruction::StoreConfiguration { to: at as *mut u8 },
            };
            Some((instruction, 4 + memory.length))
        }
        // A tile in memory is always given with the byte that has an index.
        (0x4B, 1..=3, true) if third == 0 && rm == 4 && !extends_reg => {
            let memory = memory();
            let stride = if memory.has_index { memory.stride as isize } else { 0 };
            let instruction = match prefix {
                2 => Instruction::Store { tile, to: memory.address as *mut u8, stride },
                // The prefix 66 is a hint that the tile is not used again soon.
                _ => Instruction::Load { tile, from: memory.address as *const u8, stride },
            };
            Some((instruction, 4 + memory.length))
        }
        (0x5C, 2, false) if third < 8 && !extends_reg && !extends_base => {
            Some((Instruction::DotBf16 { sums: tile, a: rm, b: third }, 5))
        }
        _ => None,
    }
}

/// The memory operand whose first byte is here.
///
/// # Safety
/// It can be read.
unsafe fn memory(code: *const u8, registers: &Registers, [extends_index, extends_base]: [bool; 2]) -> Memory {
    // SAFETY: the caller's.
    let (byte, word) =
        unsafe { (|at: usize| *code.add(at), |at: usize| code.add(at).cast::<i32>().read_unaligned() as i64) };
    let (mode, rm, mut length) = (byte(0) >> 6, byte(0) & 7, 1);
    let number = |low: u8, extended: bool| (low | (extended as u8) << 3) as usize;
    let (mut base, mut stride, mut has_index) = (Some(number(rm, extends_base)), 0, false);
    if rm == 4 {
        let (low, index) = (byte(1) & 7, number(byte(1) >> 3 & 7, extends_index));
        length += 1;
        base = (low != 5 || mode != 0).then(|| number(low, extends_base));
        has_index = index != 4;
        if has_index {
            stride = registers.general[index] << (byte(1) >> 6);
        }
    } else if rm == 5 && mode == 0 {
        // Relative to the next instruction, whose prefix and opcode were 4 bytes.
        let address = registers.instruction + 4 + 5 + word(1);
        return Memory { address, stride, has_index, length: 5 };
    }
    let displacement = match (mode, base) {
        (1, _) => byte(length) as i8 as i64,
        (2, _) | (0, None) => word(length),
        _ => 0,
    };
    length += match (mode, base) {
        (1, _) => 1,
        (2, _) | (0, None) => 4,
        _ => 0,
    };
    let address = base.map_or(0, |base| registers.general[base]).wrapping_add(displacement);
    Memory { address, stride, has_index, length }
}
