// Trains a spiking network on the Yin-Yang data set, in Swift: swift run -c release yin-yang [epochs, default 30]
import Spinnprop

/// A published set as spikes: each of the four features comes between 0 and 30 ms, a fifth input unit at 0.
func load(_ split: YinYang.Split) throws -> (input: SpikeTrains, labels: [Int]) {
    let set = try YinYang.samples(count: split.count, seed: split.seed)
    let input = try Encoding.latency(x: set.x, sampleCount: set.count, featureCount: YinYang.featureCount, bias: 0)
    return (input, set.labels)
}

let training = try load(YinYang.training)
let validation = try load(YinYang.validation)
let test = try load(YinYang.test)

var options = TrainingOptions()
options.epochs = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 30

let trainer = try Trainer(try Network(NetworkOptions(sizes: [5, 120, 3])), options)
try trainer.run(training.input, labels: training.labels, validation: validation) { progress in
    if progress.isEpochFinished {
        print("epoch \(progress.epoch + 1), validation \(percent(progress.validationAccuracy))")
    }
    return true
}

let recording = try trainer.network.forward(test.input)
let evaluation = try options.loss.evaluate(recording, labels: test.labels)
print("test accuracy \(percent(evaluation.accuracy))")

func percent(_ fraction: Double) -> String { "\((1000 * fraction).rounded() / 10) %" }
