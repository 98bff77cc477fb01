// Softmax and cross-entropy of one sample, shifted so that nothing overflows.
import Mathematics

enum Softmax {
    /// Turns logits into probabilities, in place; -infinity has probability 0, and all -infinity is uniform.
    static func probabilities(_ logits: UnsafeMutablePointer<Double>, count: Int) {
        let largest = shift(logits, count: count)
        guard largest > -.infinity else {
            for output in 0..<count { logits[output] = 1 / Double(count) }
            return
        }
        var sum = 0.0
        for output in 0..<count {
            logits[output] = Elementary.exp(logits[output])
            sum += logits[output]
        }
        for output in 0..<count { logits[output] /= sum }
    }

    /// The value of -log softmax(logits)[label]; the label's logit is finite. Turns the logits into the derivatives with
    /// respect to them, p - [output is the label].
    ///
    /// Where the label's probability is close to 1, neither the value nor its own derivative is taken as a difference from 1.
    static func crossEntropy(_ logits: UnsafeMutablePointer<Double>, count: Int, label: Int) -> Double {
        _ = shift(logits, count: count)
        let ownLogit = logits[label]
        let ownShare = Elementary.exp(ownLogit)
        var others = 0.0
        for output in 0..<count where output != label {
            logits[output] = Elementary.exp(logits[output])
            others += logits[output]
        }
        let sum = others + ownShare
        for output in 0..<count where output != label { logits[output] /= sum }
        logits[label] = -others / sum
        return ownLogit == 0 ? Elementary.log1p(others) : Elementary.log(sum) - ownLogit
    }

    /// Subtracts the largest logit, which it returns, unless that is -infinity.
    private static func shift(_ logits: UnsafeMutablePointer<Double>, count: Int) -> Double {
        var largest = -Double.infinity
        for output in 0..<count where logits[output] > largest { largest = logits[output] }
        guard largest > -.infinity else { return largest }
        for output in 0..<count { logits[output] -= largest }
        return largest
    }
}

/// Memory for one number per output, on the stack unless there are very many.
@inline(__always)
func withScratch<Result>(_ count: Int, _ body: (UnsafeMutablePointer<Double>) -> Result) -> Result {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, count)) { buffer in
        buffer.initialize(repeating: 0)
        // A capacity of at least 1 always has a base address.
        return body(UnsafeMutablePointer(mutating: UnsafePointer(buffer.baseAddress.unsafelyUnwrapped)))
    }
}
