// The toy engine, made and read by C hosts.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics
import Spinnprop
import Toy

extension spinnprop_toy_options {
    static var initial: spinnprop_toy_options { spinnprop_toy_options(ToyOptions()) }

    init(_ options: ToyOptions) {
        self.init()
        size = MemoryLayout<spinnprop_toy_options>.size
        take(options, ToyOptions.fields)
    }

    func options() throws(SpinnpropError) -> ToyOptions {
        var options = ToyOptions()
        try hand(to: &options, ToyOptions.fields)
        try options.check()
        return options
    }
}

@c @implementation
public func spinnprop_toy_create(
    _ engine: UnsafeMutablePointer<OpaquePointer?>?, _ options: UnsafePointer<spinnprop_toy_options>?
) -> spinnprop_status {
    create(engine, "engine", engineKind) {
        Engine(ToySubstrate(try spinnprop_toy_options.readOrInitial(options, "options").options()))
    }
}

@c @implementation
public func spinnprop_toy_get_options(
    _ options: UnsafeMutablePointer<spinnprop_toy_options>?, _ engine: OpaquePointer?
) -> spinnprop_status {
    fill(options, "options") {
        let engine = try box(engine, engineKind, "engine").value
        guard let own = engine.substrate as? ToySubstrate else {
            throw SpinnpropError.unsupported("engine \"\(engine.name)\" is no toy; make one by spinnprop_toy_create")
        }
        return spinnprop_toy_options(own.options)
    }
}
