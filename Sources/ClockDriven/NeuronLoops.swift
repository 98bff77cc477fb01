// The loops over neurons and steps, in the form that suits this processor. Both forms give the same bits.
import CSupport
import ClockArithmetic
import ClockLoops

#if SPINNPROP_DIST && arch(x86_64)
import ClockLoopsV3
private let isNewer = spinnprop_support_has_v3() != 0
#endif

public enum NeuronLoops {
    /// One step of a slice, see `ClockLoops`.
    public static func advance(
        arrivals: UnsafeMutablePointer<Float>?, currents: UnsafeMutablePointer<Float>,
        membranes: UnsafeMutablePointer<Float>, _ constants: ClockConstants, count: Int,
        units: UnsafeMutablePointer<Int32>, spikeCurrents: UnsafeMutablePointer<Float>,
        spikeMembranes: UnsafeMutablePointer<Float>
    ) -> Int {
        #if SPINNPROP_DIST && arch(x86_64)
        if isNewer {
            return ClockLoopsV3.advance(
                arrivals: arrivals, currents: currents, membranes: membranes, constants, count: count, units: units,
                spikeCurrents: spikeCurrents, spikeMembranes: spikeMembranes)
        }
        #endif
        return ClockLoops.advance(
            arrivals: arrivals, currents: currents, membranes: membranes, constants, count: count, units: units,
            spikeCurrents: spikeCurrents, spikeMembranes: spikeMembranes)
    }

    /// One step of a slice back, see `ClockLoops`.
    public static func retreat(
        lambdaV: UnsafePointer<Float>, lambdaI: UnsafePointer<Float>, toV earlierV: UnsafeMutablePointer<Float>,
        toI earlierI: UnsafeMutablePointer<Float>, _ constants: ClockConstants, count: Int
    ) {
        #if SPINNPROP_DIST && arch(x86_64)
        if isNewer {
            return ClockLoopsV3.retreat(
                lambdaV: lambdaV, lambdaI: lambdaI, toV: earlierV, toI: earlierI, constants, count: count)
        }
        #endif
        ClockLoops.retreat(lambdaV: lambdaV, lambdaI: lambdaI, toV: earlierV, toI: earlierI, constants, count: count)
    }

    /// A layer forward, see `ClockLoops`.
    static func forward(_ run: UnsafeMutablePointer<ForwardRun>, patience: Int) -> Int {
        #if SPINNPROP_DIST && arch(x86_64)
        if isNewer { return ClockLoopsV3.forward(run, patience: patience) }
        #endif
        return ClockLoops.forward(run, patience: patience)
    }

    /// Sums of gradients, see `ClockLoops`.
    static func add(_ rows: SampleRows, to sums: UnsafeMutablePointer<Float>, from first: Int, count: Int) {
        #if SPINNPROP_DIST && arch(x86_64)
        if isNewer { return ClockLoopsV3.add(rows, to: sums, from: first, count: count) }
        #endif
        ClockLoops.add(rows, to: sums, from: first, count: count)
    }

    /// A layer backward, see `ClockLoops`.
    static func backward(_ run: UnsafeMutablePointer<BackwardRun>, patience: Int) -> Int {
        #if SPINNPROP_DIST && arch(x86_64)
        if isNewer { return ClockLoopsV3.backward(run, patience: patience) }
        #endif
        return ClockLoops.backward(run, patience: patience)
    }
}
