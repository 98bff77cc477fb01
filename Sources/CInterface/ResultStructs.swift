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

/// A row by its index, which must exist.
func row<Element>(_ index: Int32, of rows: [Element], _ name: StaticString) throws(SpinnpropError) -> Element {
    guard index >= 0, Int(index) < rows.count else {
        throw .invalidIndex("\(name) is \(index); there are \(rows.count), counted from 0")
    }
    return rows[Int(index)]
}

extension spinnprop_chip_info: ResultStruct {}
extension spinnprop_chip_constant: ResultStruct {}
extension spinnprop_chip_published: ResultStruct {}
extension spinnprop_chip_fit: ResultStruct {}
extension spinnprop_chip_account: ResultStruct {}
extension spinnprop_chip_phase: ResultStruct {}
extension spinnprop_chip_program: ResultStruct {}
extension spinnprop_chip_pe: ResultStruct {}
extension spinnprop_chip_buffer: ResultStruct {}
extension spinnprop_chip_counters: ResultStruct {}
extension spinnprop_chip_slip: ResultStruct {}

@c @implementation
public func spinnprop_chip_info_init(_ info: UnsafeMutablePointer<spinnprop_chip_info>?) {
    spinnprop_chip_info.initialise(info)
}

@c @implementation
public func spinnprop_chip_constant_init(_ constant: UnsafeMutablePointer<spinnprop_chip_constant>?) {
    spinnprop_chip_constant.initialise(constant)
}

@c @implementation
public func spinnprop_chip_published_init(_ row: UnsafeMutablePointer<spinnprop_chip_published>?) {
    spinnprop_chip_published.initialise(row)
}

@c @implementation
public func spinnprop_chip_fit_init(_ fit: UnsafeMutablePointer<spinnprop_chip_fit>?) {
    spinnprop_chip_fit.initialise(fit)
}

@c @implementation
public func spinnprop_chip_account_init(_ totals: UnsafeMutablePointer<spinnprop_chip_account>?) {
    spinnprop_chip_account.initialise(totals)
}

@c @implementation
public func spinnprop_chip_phase_init(_ phase: UnsafeMutablePointer<spinnprop_chip_phase>?) {
    spinnprop_chip_phase.initialise(phase)
}

@c @implementation
public func spinnprop_chip_program_init(_ program: UnsafeMutablePointer<spinnprop_chip_program>?) {
    spinnprop_chip_program.initialise(program)
}

@c @implementation
public func spinnprop_chip_pe_init(_ pe: UnsafeMutablePointer<spinnprop_chip_pe>?) {
    spinnprop_chip_pe.initialise(pe)
}

@c @implementation
public func spinnprop_chip_buffer_init(_ buffer: UnsafeMutablePointer<spinnprop_chip_buffer>?) {
    spinnprop_chip_buffer.initialise(buffer)
}

@c @implementation
public func spinnprop_chip_counters_init(_ counters: UnsafeMutablePointer<spinnprop_chip_counters>?) {
    spinnprop_chip_counters.initialise(counters)
}

@c @implementation
public func spinnprop_chip_slip_init(_ slip: UnsafeMutablePointer<spinnprop_chip_slip>?) {
    spinnprop_chip_slip.initialise(slip)
}
