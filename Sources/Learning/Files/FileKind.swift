// What a file of this library says of itself before its content is looked at.
import Mathematics

/// The kinds of files, each with the version of its layout that this library writes and the highest it reads.
enum FileKind: String, CaseIterable {
    case network
    case recording
    case checkpoint
    case biograd

    var version: Int {
        switch self {
        case .network, .recording, .checkpoint, .biograd: 1
        }
    }

    /// What to do with a file of the kind that somebody takes for another.
    private var remedy: String {
        switch self {
        case .network: "; give it to sp.load"
        case .checkpoint: "; give it to sp.Trainer as checkpoint, with resume"
        case .biograd: "; give it to sp.BioGrad.load"
        // No user has one: they are parts of pickles.
        case .recording: ""
        }
    }

    /// An empty file of this kind.
    func begin() -> SafeTensors {
        var file = SafeTensors()
        file.set("kind", "spinnprop \(rawValue)")
        file.set("format_version", String(version))
        return file
    }

    func isKind(of file: SafeTensors) throws(SpinnpropError) -> Bool {
        try file.string("kind") == "spinnprop \(rawValue)"
    }

    /// - Parameter other: a kind that will do as well.
    /// - Throws: `fileError` for a file of another kind or of a newer version.
    func open(_ bytes: [UInt8], or other: FileKind? = nil) throws(SpinnpropError) -> SafeTensors {
        let file = try SafeTensors(parsing: bytes)
        if let other, try other.isKind(of: file) { return try other.open(bytes) }
        let kind = try file.string("kind")
        guard try isKind(of: file) else {
            let remedy = FileKind.allCases.first { kind == "spinnprop \($0.rawValue)" }?.remedy ?? ""
            throw SpinnpropError(
                .fileError, "the file's kind is \"\(kind)\"; \"spinnprop \(rawValue)\" is needed\(remedy)")
        }
        let text = try file.string("format_version")
        guard let written = Int(text), written >= 1 else {
            throw SpinnpropError(.fileError, "the file's format_version is \"\(text)\"; a whole number >= 1 is needed")
        }
        guard written <= version else {
            throw SpinnpropError(
                .fileError,
                "the file has format_version \(written), this library reads up to \(version); install a newer spinnprop"
            )
        }
        return file
    }
}

/// Turns what a value's own checks say of a file's content into a file error.
func asFileError<Value>(_ body: () throws(SpinnpropError) -> Value) throws(SpinnpropError) -> Value {
    do throws(SpinnpropError) {
        return try body()
    } catch {
        throw error.kind == .invalidValue ? SpinnpropError(.fileError, "malformed file: \(error.message)") : error
    }
}

/// Says of which file it is what is wrong with its content.
///
/// - Parameters:
///   - what: the file's name, and what cannot be done with it.
///   - remedy: what else to do.
func naming<Value>(
    _ what: String, remedy: String = "", _ body: () throws(SpinnpropError) -> Value
) throws(SpinnpropError) -> Value {
    do throws(SpinnpropError) {
        return try body()
    } catch {
        throw error.kind == .fileError ? SpinnpropError(.fileError, "\(what): \(error.message)\(remedy)") : error
    }
}
