// Numbers of the header's structs and of the core's options, carried from one to the other by name.
import CSpinnprop
import Mathematics

/// A number among a struct's fields.
struct StructNumber<Struct>: Sendable {
    let name: String
    let get: @Sendable (Struct) -> OptionValue
    let set: @Sendable (inout Struct, OptionValue) -> Void

    init(_ name: String, _ path: WritableKeyPath<Struct, Double> & Sendable) {
        self.name = name
        get = { .real($0[keyPath: path]) }
        set = { $0[keyPath: path] = $1.number ?? 0 }
    }

    init(_ name: String, _ path: WritableKeyPath<Struct, Int32> & Sendable) {
        self.name = name
        get = { .integer(Int($0[keyPath: path])) }
        set = { $0[keyPath: path] = if case .integer(let value) = $1 { Int32(clamping: value) } else { 0 } }
    }

    init(_ name: String, _ path: WritableKeyPath<Struct, Int64> & Sendable) {
        self.name = name
        get = { .integer(Int($0[keyPath: path])) }
        set = { $0[keyPath: path] = if case .integer(let value) = $1 { Int64(value) } else { 0 } }
    }

    init(_ name: String, _ path: WritableKeyPath<Struct, UInt64> & Sendable) {
        self.name = name
        get = { .word($0[keyPath: path]) }
        set = { if case .word(let value) = $1 { $0[keyPath: path] = value } }
    }
}

/// A struct of options, of whose numbers the core has some by the same names, with 0 for those that are left open. `numbers` is written
/// from the header.
protocol TabledStruct: VersionedStruct {
    static var numbers: [StructNumber<Self>] { get }
}

extension TabledStruct {
    /// Takes what the core's table has.
    mutating func take<Options>(_ options: Options, _ fields: [OptionField<Options>]) {
        for field in fields {
            Self.numbers.first { $0.name == field.name }?.set(&self, field.get(options))
        }
    }

    /// Hands over what the core's table has. - Throws: `invalidValue` for numbers that stand for nothing.
    func hand<Options>(to options: inout Options, _ fields: [OptionField<Options>]) throws(SpinnpropError) {
        for field in fields {
            guard let value = Self.numbers.first(where: { $0.name == field.name })?.get(self) else { continue }
            try field.set(&options, field.isOptional && value.number == 0 ? .open : value)
        }
    }
}
