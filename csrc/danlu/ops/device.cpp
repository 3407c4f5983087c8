// Tensors move between devices.
#include "danlu/core/devices.h"
#include "danlu/ops/ops.h"

namespace danlu {

namespace {

// y = x on another device; x is dense.
struct ToDevice final : Op {
  explicit ToDevice(Device d) : device(d) {}
  std::string_view name() const override { return "to_device"; }
  Attrs attrs() const override { return {{"device", format("{}", device)}}; }
  Device output_device(Inputs) const override { return device; }
  Specs infer(Inputs in) const override { return {{in[0].shape(), in[0].dtype()}}; }
  void run(Inputs in, Outputs out, const View&) const override {
    copy_bytes(out[0].view().data, device, in[0].view().data, in[0].device(),
               in[0].numel() * size_of(in[0].dtype()));
  }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs) const override {
    return {to_device(dout[0], saved.input(0).device())};
  }
  const Device device;
};

}  // namespace

Tensor to_device(const Tensor& x, Device device) {
  if (x.device() == device) return x;
  check_device("to_device", device);
  return call_one(make_op<ToDevice>(device), {contiguous(x)});
}

}  // namespace danlu
