// The error barrier: every error of the core becomes its status, and any other a defect that is reported as one.
import CSpinnprop
import Mathematics
import Testing

@testable import CInterface

private func lastError() -> String { spinnprop_last_error().map { String(cString: $0) } ?? "" }

@Suite struct BarrierTests {
    @Test(arguments: SpinnpropError.Kind.allCases)
    func everyKindIsItsStatus(_ kind: SpinnpropError.Kind) {
        let status = barrier { throw SpinnpropError(kind, "x is 1; it must be 2") }
        #expect(status == kind.rawValue)
        #expect(lastError() == "x is 1; it must be 2")
    }

    @Test func kindsAreTheHeadersStatuses() {
        let statuses: [SpinnpropError.Kind: Int] = [
            .invalidValue: SPINNPROP_INVALID_VALUE, .invalidIndex: SPINNPROP_INVALID_INDEX,
            .outOfMemory: SPINNPROP_OUT_OF_MEMORY, .fileNotFound: SPINNPROP_FILE_NOT_FOUND,
            .fileError: SPINNPROP_FILE_ERROR, .cancelled: SPINNPROP_CANCELLED,
            .tooManySpikes: SPINNPROP_TOO_MANY_SPIKES, .staleRecording: SPINNPROP_STALE_RECORDING,
            .unsupported: SPINNPROP_UNSUPPORTED, .internal: SPINNPROP_INTERNAL,
        ]
        #expect(statuses.count == SpinnpropError.Kind.allCases.count)
        for (kind, status) in statuses { #expect(Int(kind.rawValue) == status) }
    }

    @Test func anyOtherErrorIsADefect() {
        struct Surprise: Error {}
        #expect(Int(barrier { throw Surprise() }) == SPINNPROP_INTERNAL)
        #expect(lastError().contains("Surprise"))
        #expect(lastError().contains("report"))
    }

    @Test func successLeavesTheLastError() {
        _ = barrier { throw SpinnpropError.invalidValue("earlier") }
        #expect(Int(barrier {}) == SPINNPROP_OK)
        #expect(lastError() == "earlier")
    }

    @Test func messagesAreOneLine() {
        _ = barrier { throw SpinnpropError.invalidValue("a\nb\r\n\u{7}c\u{0}d\u{7F}é") }
        #expect(lastError() == "a?b???c?d?é")
    }

    @Test(arguments: 1000...1030)
    func longMessagesEndBetweenCharacters(_ length: Int) {
        _ = barrier { throw SpinnpropError.invalidValue(String(repeating: "a", count: length) + "ééééé") }
        let message = lastError()
        #expect(message.utf8.count <= 1023)
        // A cut within a character would be repaired to U+FFFD.
        #expect(message.unicodeScalars.allSatisfy { $0 == "a" || $0 == "é" })
        #expect(message.utf8.count >= min(length + 10, 1022))
    }
}
