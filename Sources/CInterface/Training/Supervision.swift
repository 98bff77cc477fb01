// What samples should give, as C hosts say it.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Learning
import Mathematics
import Spikes

extension spinnprop_supervision {
    static var initial: spinnprop_supervision {
        var supervision = spinnprop_supervision()
        supervision.size = MemoryLayout<spinnprop_supervision>.size
        return supervision
    }
}

/// A view of an array that is about to be copied, empty for NULL.
private func given<Element>(
    _ pointer: UnsafePointer<Element>?, _ n: Int64, needed: Int, _ name: StaticString
) throws(SpinnpropError) -> UnsafeBufferPointer<Element> {
    guard n == (pointer == nil ? 0 : Int64(needed)) else {
        throw .invalidValue(
            pointer == nil
                ? "\(name) is NULL, but n_\(name) is \(n); give both or none"
                : "\(name) has \(n) elements; give exactly \(needed), or NULL and 0")
    }
    try Memory.check(count: Int(n), bytesPerElement: MemoryLayout<Element>.stride, "the copy of \(name)")
    return try input(pointer, Int(n), name)
}

/// A caller's labels, targets and weights, copied.
struct Supervision {
    let labels: [Int]
    let targets: [Double]
    let weights: [Double]

    /// - Throws: `invalidValue` for an array that has not as many elements as samples and outputs ask for, before one of them is read.
    init(
        _ pointer: UnsafePointer<spinnprop_supervision>?, _ name: StaticString, samples: Int, outputs: Int
    ) throws(SpinnpropError) {
        let view = try spinnprop_supervision.read(pointer, name)
        guard view.labels != nil || view.targets != nil || samples == 0 else {
            throw .invalidValue("\(name) has neither labels nor targets; give one of them")
        }
        labels = integers(try given(view.labels, view.n_labels, needed: samples, "labels"))
        // Losses of one's own take as many for each sample as they like, which the core knows.
        let isEven = samples > 0 && view.n_targets > 0 && view.n_targets % Int64(samples) == 0
        let targetCount = isEven ? try count(view.n_targets, "n_targets") : try product(samples, outputs, "targets")
        targets = Array(try given(view.targets, view.n_targets, needed: targetCount, "targets"))
        weights = Array(try given(view.weights, view.n_weights, needed: samples, "weights"))
    }

    /// - Throws: `invalidValue` unless there are either labels or targets.
    func examples(_ input: SpikeTrains, _ name: StaticString) throws(SpinnpropError) -> Examples {
        guard labels.isEmpty || targets.isEmpty else {
            throw .invalidValue("\(name) has labels and targets; training takes one of them, so leave the other NULL")
        }
        guard targets.isEmpty else { return Examples(input, targets: targets, weights: weights) }
        return Examples(input, labels: labels, weights: weights)
    }
}
