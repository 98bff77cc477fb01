// Structs that the library fills: zero before it does, and text within them.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics

/// A struct that callers hand in to have it filled, all zero but for its size.
protocol ResultStruct: VersionedStruct {
    init()
}

extension ResultStruct {
    static var initial: Self {
        var value = Self()
        value.size = MemoryLayout<Self>.size
        return value
    }
}

/// Writes text and a zero into a struct's characters; what does not fit is cut off between characters.
func write<Characters>(_ text: String, to characters: inout Characters) {
    withUnsafeMutableBytes(of: &characters) { buffer in
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
        var end = 0
        for scalar in text.unicodeScalars {
            let bytes = String(scalar).utf8
            guard end + bytes.count < buffer.count else { return }
            for byte in bytes {
                buffer[end] = byte
                end += 1
            }
        }
    }
}
