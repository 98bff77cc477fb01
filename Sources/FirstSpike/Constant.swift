// Choices that hot loops are compiled for apart.

/// A truth value that a generic function is specialised for.
protocol Constant {
    static var isTrue: Bool { get }
}

enum Yes: Constant {
    static var isTrue: Bool {
        @inline(__always) get { true }
    }
}

enum No: Constant {
    static var isTrue: Bool {
        @inline(__always) get { false }
    }
}
