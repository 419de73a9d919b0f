export { MemoryController as LevelDbController } from "./index.js";
