// Node.js 20 lacks one function that the libp2p libraries use while they load; imported before them.
Promise.withResolvers ??= function () {
  const parts = {};
  parts.promise = new this((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
};
