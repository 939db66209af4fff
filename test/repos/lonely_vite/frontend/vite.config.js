export default { base: "/" };
